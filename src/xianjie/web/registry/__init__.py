"""The register 农户档案: households, people, who belongs where and since when, and what is known of them."""
