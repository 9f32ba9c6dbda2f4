"""What the dashboard costs a browser and the API."""
