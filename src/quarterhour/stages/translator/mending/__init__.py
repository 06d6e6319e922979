"""What is wrong with a record and can be put right: by us where one way fits, or by people."""
