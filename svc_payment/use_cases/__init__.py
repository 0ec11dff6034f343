"""What is asked of payments: charging, refunding, ending what was left open."""
