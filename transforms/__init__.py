"""What is done to a call, from samples to KPIs. What judges a call is plain functions."""
