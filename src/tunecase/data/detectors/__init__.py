"""What finds a defect in text: arithmetic and patterns, without words or verdicts."""
