"""Areas (辖区), and the register that is kept for one of them."""
