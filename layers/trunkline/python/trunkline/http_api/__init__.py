"""HTTP requests, responses and routes of the functions behind the API gateway."""
