"""The local stack: an AWS emulator, a LiveKit stand-in and the real CDK app on one machine."""
