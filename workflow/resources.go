package workflow

import (
	"errors"

	"github.com/ewoks-hpc/ewoks-hpc/resource"
)

// resources decodes what a node asks for. Of a graph node it is what its nodes ask
// for that do not say it themselves.
func (d *decoder) resources(n *node) error {
	n.Resources = resource.Need{}
	n.has |= hasResources
	return d.mapping("resources", func(key []byte) error {
		name := string(key) // before the scanner goes on
		raw, err := d.raw()
		if err != nil {
			return err
		}
		if err := n.Resources.SetJSON(name, raw); err != nil {
			d.problem(KindDocument, "resources", "resources: "+err.Error(), hintOf(err))
		}
		return nil
	})
}

func hintOf(err error) string {
	var hinted interface{ Hint() string }
	if errors.As(err, &hinted) {
		return hinted.Hint()
	}
	return ""
}
