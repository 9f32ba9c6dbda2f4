"""The LiveKit stand-in: LiveKit's Twirp API with a simulated carrier. `README.md` describes its use."""
