"""Models by situation: what `call` may do, each in a few lines. Written so that each has one thing to it."""
