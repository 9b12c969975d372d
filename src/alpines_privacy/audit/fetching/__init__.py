"""How an audit asks: an app in this process, or one host over the network; bounded in bytes and in time."""
