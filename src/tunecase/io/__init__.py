"""What reads and writes files and servers, whatever their content means."""
