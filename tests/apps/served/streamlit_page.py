"""A Streamlit page that answers and takes a file."""

import streamlit

streamlit.title("Huts")
name = streamlit.text_input("Your name")
if streamlit.button("Greet"):
    streamlit.write(f"Good morning, {name}")
if file := streamlit.file_uploader("A file"):
    streamlit.write(f"{len(file.getvalue())} bytes")
