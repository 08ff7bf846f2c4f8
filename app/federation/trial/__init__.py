"""Trying an issuer's endpoint (接口验收): is it IVP/1, and what has to be mended first?"""
