"""Programs that make load or take it, each in a process of its own, so that their CPU is counted for nobody."""
