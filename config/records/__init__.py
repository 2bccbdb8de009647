"""Tables of records from elsewhere: what they hold, how a file is read and checked, and the templates to fill in."""
