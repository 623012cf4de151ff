"""The pages: HTML shells that the front end fills. ``assets`` are the built files, ``render`` the templates,
``views`` the routes.
"""
