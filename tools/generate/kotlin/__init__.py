"""Kotlin for JetBrains' clients, in three files: types, services, commands."""
