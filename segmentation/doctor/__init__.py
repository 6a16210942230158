"""What is looked at before a long build: machine, installation, database, settings and inputs."""
