"""A stand-in card processor with documented test cards and faults: owns authorizations, calls nobody, publishes nothing."""
