"""What a linter of models consists of: rules, what they see, what they find, and which of them are asked."""
