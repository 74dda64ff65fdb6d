//! Puts what a pod gets into its template, in place: a second time changes nothing.

use super::super::shape::Shape;
use super::super::yaml::Node;

/// Changes a pod template (or a pod).
pub(super) fn graft(template: &mut Node, shape: &Shape, is_root: bool) {
    if !shape.labels.is_empty() {
        let labels = template.map_at("metadata").map_at("labels");
        for (name, value) in &shape.labels {
            labels.set(name, serde_json::Value::from(value.as_str()));
        }
    }
    let spec = template.map_at("spec");
    if let Some(group) = shape.fs_group {
        spec.map_at("securityContext").set("fsGroup", serde_json::Value::from(group));
    }
    if let Some(init) = shape.init_of(is_root) {
        spec.list_at("initContainers").put("name", init.into());
    }
    for volume in &shape.volumes {
        spec.list_at("volumes").put("name", volume.clone().into());
    }
    let Some(containers) = spec.at_mut(&["containers"]) else { return };
    for container in containers.items_mut() {
        let name = container.text_at(&["name"]).unwrap_or_default().to_owned();
        let Some(own) = shape.containers.iter().find(|own| own.name == name) else { continue };
        for variable in &own.env {
            container.list_at("env").put("name", variable.clone().into());
        }
        for mount in &own.mounts {
            container.list_at("volumeMounts").put("mountPath", mount.clone().into());
        }
    }
}
