"""The pure core: period, form, checks, workflow, permission, values, aggregate."""
