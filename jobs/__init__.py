"""What runs and exits: the command line, imports, migrations, assessment, the demo world."""
