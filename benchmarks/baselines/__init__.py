"""What the product is measured against: other designs of the same thing, built so that anyone can run them."""
