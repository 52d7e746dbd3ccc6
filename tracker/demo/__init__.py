"""The embedded demonstration: both shipped programmes played over a year on a simulated clock."""
