"""A stand-in card processor with documented test cards and faults: owns authorizations, tells its merchant of them."""
