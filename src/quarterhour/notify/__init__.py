"""What is told to others than people with the page open: the service manager, a dead man's switch, channels of alerts."""
