-- @macro net_price(price, quantity, percent)
({price} * {quantity} * (100 - {percent}) / 100)::DECIMAL(12, 2)
