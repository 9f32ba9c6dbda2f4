"""The local stack: the CDK app on an AWS emulator, with a LiveKit stand-in."""
