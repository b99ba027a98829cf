"""Copy detection among strangers: disguised pictures, a gallery of 5,000, micro average precision."""
