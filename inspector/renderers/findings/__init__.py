"""Findings in the forms that people, terminals and CI systems read: one file a form, with one ``render``."""
