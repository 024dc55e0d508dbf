"""What people read at CloudFront where a link opens no file: one page a kind of failure.

`plan` says which page answers what and what a page may do, `rendering` makes them from `*.yaml`,
`publishing` puts them where CloudFront finds them.
"""
