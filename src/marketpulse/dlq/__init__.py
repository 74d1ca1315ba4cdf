"""What people do about dead letters: look, correct, send again, or give up. The bytes that came are never changed."""
