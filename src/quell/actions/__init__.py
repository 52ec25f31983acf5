"""What Quell can change, and the policy that says whether it may."""
