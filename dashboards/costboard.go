package dashboards

import (
	"fmt"
	"strings"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/internal/figure"
	"github.com/tracehaul/tracehaul/internal/price"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// The event source's five pollers, with nothing to do, wait 20 s each; what there
// is, is received and deleted, ten messages at a time.
const (
	requestsInHour = 3600 / 20 * 5
	requestsPerTen = 2
)

// costRows show what is used and paid for, and how much room is left.
func (b *builder) costRows() []Row {
	return []Row{b.spendRow(), b.usageRow(), b.roomRow()}
}

// hourly is what a part costs an hour, as metric math over a period of an hour.
type hourly struct {
	name, expression string
	inputs           []alarms.Input
}

func (b *builder) hourlyCosts() []hourly {
	s, p := b.signals, b.pipeline
	cpu, gb := price.ARMCPUHour, price.ARMMemoryHour
	if p.Service.Architecture == "x86_64" {
		cpu, gb = price.X86CPUHour, price.X86MemoryHour
	}
	task := cpu*float64(p.Service.CPU)/1024 + gb*float64(p.Service.MemoryMiB)/1024
	costs := []hourly{
		{"service (Fargate)", "FILL(tasks, 0) * " + money(task), []alarms.Input{{ID: "tasks", Signal: s.Service.RunningTasks.With("Average")}}},
		{"topic (SNS)", "FILL(published, 0) * " + money(price.Publish), []alarms.Input{{ID: "published", Signal: s.Topic.Published}}},
	}
	for i := range s.Consumers {
		c := &s.Consumers[i]
		of := p.Consumer(c.Name)
		second := price.ARMGBSecond
		if of.Architecture == "x86_64" {
			second = price.X86GBSecond
		}
		second *= float64(of.MemoryMB) / 1024
		costs = append(costs,
			hourly{
				c.Name + " (Lambda)", "FILL(time, 0) / 1000 * " + money(second) + " + FILL(invocations, 0) * " + money(price.Invocation),
				[]alarms.Input{{ID: "time", Signal: c.Duration.With("Sum")}, {ID: "invocations", Signal: c.Invocations}},
			},
			hourly{
				"queue of " + c.Name + " (SQS)", "(" + figure.Number(requestsInHour) + " + FILL(messages, 0) * " + figure.Number(requestsPerTen/10.) + ") * " + money(price.QueueRequest),
				[]alarms.Input{{ID: "messages", Signal: c.Deleted}},
			})
	}
	if d := s.Database; d != nil {
		instances := 1 + p.Database.Readers
		costs = append(costs, hourly{
			"database (Aurora)", "FILL(capacity, 0) * " + money(price.CapacityHour*float64(instances)),
			[]alarms.Input{{ID: "capacity", Signal: d.Capacity.With("Average")}},
		})
	}
	return costs
}

// money writes a price with as many digits as metric math can take.
func money(x float64) string { return figure.Number(figure.Round(x, 12)) }

func (b *builder) spendRow() Row {
	graph := Panel{
		Key: "spend", Title: "Cost of an hour", Unit: "currencyUSD", Width: 16, Height: 9, Stacked: true,
		Description: "What each part cost in each hour, at list prices of US East without the free tier: an estimate, to see what grows and why. That of the topic is the most it can be: ten events share a call. Good follows the traffic. What stays up at night without traffic is too large.",
	}
	month := Panel{
		Key: "spend-month", Title: "A month at the present rate", Kind: Stat, Unit: "currencyUSD", Width: 8, Height: 4, Since: "24h", Calc: "mean",
		Description: "What a month costs if every day is like the last 24 hours: an estimate at list prices, without what is fixed. Good is what was planned; see the fixed costs beside.",
	}
	var all []alarms.Input
	var sum strings.Builder
	for i, c := range b.hourlyCosts() {
		graph.Queries = append(graph.Queries, Math(c.inputs, c.expression, c.name).Every(hour))
		inputs, expression := apart(c.inputs, c.expression, i+1)
		all = append(all, inputs...)
		if i > 0 {
			sum.WriteString(" + ")
		}
		sum.WriteString(expression)
	}
	month.Queries = list(Math(all, figure.Number(price.HoursInMonth)+" * ("+sum.String()+")", "a month").Every(hour))
	return Row{Title: "Cost", Panels: []Panel{graph, month, b.fixedCosts()}}
}

func (b *builder) fixedCosts() Panel {
	c := b.alarms.Cost()
	return Panel{
		Key: "fixed", Title: "What is paid for in any case", Kind: Text, Width: 8, Height: 5,
		Content: fmt.Sprintf("At list prices of US East, in US dollars a month: load balancer from %.0f; each VPC endpoint %.1f in each zone; alarms %.2f (%.2f for metrics, %.2f for composites, %.2f for metrics made of log lines). Logs, traces and the network are paid for by the gigabyte.",
			price.LoadBalancerHour*price.HoursInMonth, price.EndpointHour*price.HoursInMonth, c.Total(), c.Metrics, c.Composites, c.Filters),
	}
}

func (b *builder) usageRow() Row {
	s := b.signals
	row := Row{Title: "What is used", Panels: []Panel{
		{
			Key: "used-tasks", Title: "Task hours", Unit: "suffix: task h", Width: 6,
			Description: "Hours of tasks in each hour: the mean number that ran. Good follows the day between min_tasks and max_tasks.",
			Queries:     list(Metric(s.Service.RunningTasks.With("Average"), "task hours").Every(hour)),
		},
		{
			Key: "used-messages", Title: "Messages of an hour", Unit: "short", Width: 6,
			Description: "Messages published and done in an hour. Good is as many done as published, for each consumer.",
			Queries:     list(Metric(s.Topic.Published, "published").Every(hour)),
		},
	}}
	for i := range s.Consumers {
		c := &s.Consumers[i]
		row.Panels[1].Queries = append(row.Panels[1].Queries, Metric(c.Deleted, "done by "+c.Name).Every(hour))
		row.Panels = append(row.Panels, Panel{
			Key: "used-" + c.Name, Title: "Function time of " + c.Name, Unit: "s", Width: 6,
			Description: "Seconds that the function ran in each hour; they are paid for by memory. Good grows with the messages and no faster: larger batches make it less.",
			Queries:     list(Math([]alarms.Input{{ID: "time", Signal: c.Duration.With("Sum")}}, "FILL(time, 0) / 1000", "seconds").Every(hour)),
		})
	}
	if s.Database != nil {
		row.Panels = append(row.Panels, Panel{
			Key: "used-acu", Title: "ACU hours", Unit: "suffix: ACU h", Width: 6,
			Description: "Capacity of the writer, hour by hour: it is paid for by the ACU and hour. Good falls to the least at night.",
			Queries:     list(Metric(s.Database.Capacity.With("Average"), "ACU hours").Every(hour)),
		}, Panel{
			Key: "used-storage", Title: "Storage", Width: 6,
			Description: "Size of the database's volume. Good grows as the events do; at this rate see when it doubles.",
			Queries:     list(Metric(s.Database.VolumeUsed, "used").Every(hour)),
		})
	}
	return row
}

// roomRow shows how much of each limit is in use.
func (b *builder) roomRow() Row {
	s, p := b.signals, b.pipeline
	of := func(in signal.Signal, most float64, what string) Query {
		return Math([]alarms.Input{{ID: "used", Signal: in}}, "100 * used / "+figure.Number(most), what)
	}
	row := Row{Title: "How much room is left", Panels: []Panel{
		{
			Key: "room-service", Title: "Service", Unit: "percent", Max: 100,
			Description: "Tasks of the most that autoscaling may start, and the largest message of what SNS takes. Good is below 70 % at the peak of the week: raise max_tasks in time.",
			Queries:     list(of(s.Service.RunningTasks.With("Maximum"), float64(p.Service.MaxTasks), "tasks"), of(s.Topic.PublishSize, 262144, "largest message")),
		},
	}}
	for i := range s.Consumers {
		c := &s.Consumers[i]
		row.Panels = append(row.Panels, Panel{
			Key: "room-" + c.Name, Title: "Consumer " + c.Name, Unit: "percent", Max: 100,
			Description: "Invocations of the most that the event source starts, their time of the timeout, and messages in flight of what SQS has room for. Good is below 70 % at the peak of the week.",
			Queries: list(of(c.Concurrency, float64(p.Consumer(c.Name).MaxConcurrency), "concurrency"),
				of(c.Duration, float64(p.Consumer(c.Name).Timeout.Milliseconds()), "longest invocation"), of(c.InFlight, 120000, "in flight")),
		})
	}
	if d := s.Database; d != nil {
		queries := list(Metric(d.ACUUtilization, "capacity"))
		if a := b.byKey["database-connections"]; a != nil {
			queries = append(queries, of(d.Connections, a.Metric.Threshold/0.8, "connections"))
		}
		row.Panels = append(row.Panels, Panel{
			Key: "room-database", Title: "Database", Unit: "percent", Max: 100,
			Description: "Capacity and connections of the most that the writer may have. Good is below 70 % at the peak of the week: raise max_acu in time.",
			Queries:     append(queries, of(d.TransactionIDs, 2.1e9, "transaction ids")),
		})
	}
	return row
}
