"""Systems whose API is private: one engine, one TOML profile per way an instance speaks."""
