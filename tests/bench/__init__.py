"""Small versions of the measurements in `bench/`, and whether those measure what they say."""
