"""The same contracts as they were before: what a service knows that was not deployed since."""
