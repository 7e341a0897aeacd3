"""A package as the generator writes it, small, with what topics can be."""

import kontrakt

kontrakt.requires("0.1.0", "acme")
