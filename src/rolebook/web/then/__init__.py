"""Pages "On that day": lists and one person's access as they were, and who could do something."""
