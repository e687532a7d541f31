"""What several test suites need."""
