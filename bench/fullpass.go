package bench

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/sersync/sersync/bench/internal/plant"
)

// fullpass measures `sersync sync` against one rsync -a --delete, each to a module of its own that
// holds the tree, in turn.
func fullpass(ctx context.Context, r *rig) ([]Result, error) {
	_, files, err := plant.Tree(ctx, r.source, "", plant.Shape{Files: r.files(200_000)})
	if err != nil {
		return nil, err
	}
	d, err := r.serve(ctx, "m", "plain")
	if err != nil {
		return nil, err
	}
	for _, module := range []string{"m", "plain"} {
		if err := r.copy(ctx, r.replica(module)); err != nil {
			return nil, err
		}
	}
	s, err := r.program()
	if err != nil {
		return nil, err
	}
	if _, _, err := s.Sync(ctx, r.source, d.URL("m")); err != nil { // first contact
		return nil, err
	}
	var results []Result
	for _, share := range []float64{0, 0.01} {
		p := &passes{rig: r, sersync: s, ours: d.URL("m"), plain: d.URL("plain"), files: files, share: share}
		result, err := p.measure(ctx)
		if err != nil {
			return results, err
		}
		results = append(results, *result)
	}
	// The other is not asked: rsync -a alone does not see two changes within a second.
	return results, r.identicalOnce(ctx, r.replica("m"))
}

// passes are full passes of both kinds over one tree.
type passes struct {
	*rig
	sersync     *Sersync
	ours, plain string // destinations
	files       []string
	share       float64 // of the files, changed before each pair
}

func (p *passes) measure(ctx context.Context) (*Result, error) {
	var ours, plain, cpu, plainCPU Sample
	var ratios []float64
	for i := range p.Pairs {
		if p.share > 0 {
			if _, err := plant.Touch(ctx, p.source, p.files, p.share, uint64(i+1)); err != nil {
				return nil, err
			}
		}
		mine := func() error {
			took, used, err := p.sersync.Sync(ctx, p.source, p.ours)
			ours, cpu = append(ours, took), append(cpu, used)
			return err
		}
		theirs := func() error {
			took, used, err := run(ctx, filepath.Join(p.dir, "plain.log"),
				p.Rsync, "-a", "--delete", p.source+"/", p.plain)
			plain, plainCPU = append(plain, took), append(plainCPU, used)
			return err
		}
		if i%2 == 1 { // whoever goes second finds warmer caches
			mine, theirs = theirs, mine
		}
		if err := mine(); err != nil {
			return nil, err
		}
		if err := theirs(); err != nil {
			return nil, err
		}
		ratios = append(ratios, float64(ours[i])/float64(plain[i]))
		p.logf("%.0f %% changed: sersync sync %v, rsync -a --delete %v", 100*p.share,
			ours[i].Round(time.Millisecond), plain[i].Round(time.Millisecond))
	}
	result := &Result{
		Variant: fmt.Sprintf("files=%d/changed=%.0f%%", len(p.files), 100*p.share),
		N:       p.Pairs, PerOp: ours.Median(),
	}
	result.add(milliseconds(plain.Median()), "rsync-ms")
	result.add(median(ratios), "ratio")
	result.add(milliseconds(cpu.Median()), "cpu-ms/op")
	result.add(milliseconds(plainCPU.Median()), "rsync-alone-cpu-ms/op")
	result.check("time / rsync -a --delete", median(ratios), 1.0, "×")
	return result, nil
}
