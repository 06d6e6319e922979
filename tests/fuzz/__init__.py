"""Random mutations of real files for the Translator: `make fuzz N=100000`."""
