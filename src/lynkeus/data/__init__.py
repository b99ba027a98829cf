"""What training eats: folders of pictures, a cache of decoded ones, batches of views."""
