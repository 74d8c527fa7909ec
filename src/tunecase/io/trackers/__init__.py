"""What reads the runs that a tracker keeps, before anything is made of them."""
