package postgres

import (
	"errors"
	"strconv"
)

// variables are the environment variables behind the fields of Config.
var variables = map[string]string{
	"URL":        "DATABASE_URL",
	"Host":       "DATABASE_HOST",
	"Port":       "DATABASE_PORT",
	"Name":       "DATABASE_NAME",
	"User":       "DATABASE_USER",
	"Auth":       "DATABASE_AUTH",
	"SecretARN":  "DATABASE_SECRET_ARN",
	"RootCAFile": "DATABASE_CA_FILE",
}

// ConfigFromEnv reads DATABASE_URL or, without it, DATABASE_HOST, DATABASE_PORT,
// DATABASE_NAME and DATABASE_USER; and for both DATABASE_AUTH (url, iam, secret),
// DATABASE_SECRET_ARN and DATABASE_CA_FILE. It reports everything that is
// wrong, by variable. The caller adds Config.AWS where Auth needs it.
func ConfigFromEnv(getenv func(string) string) (Config, error) {
	get := func(field string) string { return getenv(variables[field]) }
	c := Config{
		URL: get("URL"), Host: get("Host"), Name: get("Name"), User: get("User"),
		Auth: Auth(get("Auth")), SecretARN: get("SecretARN"), RootCAFile: get("RootCAFile"),
	}
	var errs []error
	if port := get("Port"); port != "" {
		var err error
		if c.Port, err = strconv.Atoi(port); err != nil || c.Port == 0 {
			errs = append(errs, problem{"Port", port, "1 to 65535"}.of(variables["Port"]))
			c.Port = 0
		}
	}
	for _, p := range c.WithDefaults().problems() {
		errs = append(errs, p.of(variables[p.field]))
	}
	return c, errors.Join(errs...)
}
