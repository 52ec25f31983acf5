"""What people do: who they are, whether they may, and what is appended for them, whichever way it comes in."""
