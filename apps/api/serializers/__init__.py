"""The shapes of bodies, parameters and answers; the OpenAPI document is made from them."""
